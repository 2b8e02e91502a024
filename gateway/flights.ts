/** Work under way, by what it is for. Nothing is kept once it is done. */
export type Flights<T> = (key: string, start: () => Promise<T>) => Promise<T>;

/** Whoever asks for what is under way gets the same, without starting it again; no more than `flightsMax` are known. */
export function openFlights<T>(flightsMax: number): Flights<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key, start) => {
    const flight = underWay.get(key);
    if (flight) return flight;
    const started = start();
    if (underWay.size >= flightsMax) return started;
    const ended = started.finally(() => underWay.delete(key));
    underWay.set(key, ended);
    return ended;
  };
}
