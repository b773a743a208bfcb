/** First in, first out. Taking one moves no other, but for a sweep each time that half of the places are empty. */
export function createQueue<T>() {
  let items: T[] = [];
  let first = 0;
  return {
    push(item: T): void {
      items.push(item);
    },
    /** The one that came first; undefined when there is none. */
    get head(): T | undefined {
      return items[first];
    },
    take(): T | undefined {
      if (first === items.length) return undefined;
      const item = items[first++];
      if (first * 2 >= items.length) {
        items = items.slice(first);
        first = 0;
      }
      return item;
    },
    get length(): number {
      return items.length - first;
    },
  };
}
