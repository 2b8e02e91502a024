/**
 * The same values, one ahead: the next is made while the last is used. What fails in making it fails in its turn, after
 * everything before it was used.
 */
export async function* ahead<T>(values: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = begun(values);
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = begun(values);
      yield value;
    }
  } finally {
    // A value under way may never come, and nobody wants it any more: not waited for.
    void values.return(undefined).catch(() => undefined);
  }
}

function begun<T>(values: AsyncGenerator<T>): Promise<IteratorResult<T>> {
  const next = values.next();
  next.catch(() => undefined); // waited for later, if ever
  return next;
}
