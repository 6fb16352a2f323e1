/** A value after the `?` of the address: a view's filters, so that a link can be shared. */
export function inAddress(name: string): string | null {
  return new URLSearchParams(location.search).get(name);
}

/** One of `choices` from the address, otherwise `fallback`. */
export function choiceInAddress<T extends string>(
  name: string,
  choices: readonly T[],
  fallback: T,
): T {
  const given = inAddress(name);
  return choices.find((each) => each === given) ?? fallback;
}

/** Puts values into the address without a history entry; null or an empty text removes one. */
export function putInAddress(values: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  const address = `${location.pathname}${text === '' ? '' : `?${text}`}`;
  if (address !== location.pathname + location.search) {
    history.replaceState(history.state, '', address);
  }
}
