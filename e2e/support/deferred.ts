export type Deferred<T> = { promise: Promise<T>; resolve: (value: T) => void };

/** A promise that a test keeps open until it has seen enough. */
export function makeDeferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
