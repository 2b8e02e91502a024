/** What `answer` gives, or `late`'s error once `ms` have passed. What is late goes on unheard: whoever asked ends it, or lets it end. */
export function withinMs<T>(ms: number, answer: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    void answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
