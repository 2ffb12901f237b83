import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Store } from './store.ts';

interface Item {
  colours: string[];
}

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  item: fc.option(fc.record({ colours: fc.uniqueArray(fc.constantFrom('red', 'green', 'blue')) })),
});

test('an index finds exactly the objects that a search through all of them finds', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = new Store<Item>({ colour: ({ colours }) => colours });
      const truth = new Map<string, Item>();
      for (const { key, item } of steps) {
        if (item === null) {
          store.delete(key);
          truth.delete(key);
        } else {
          store.set(key, item);
          truth.set(key, item);
        }
      }
      expect(store.keys().toSorted()).toEqual([...truth.keys()].toSorted());
      for (const colour of ['red', 'green', 'blue', 'none']) {
        const wanted = [...truth]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .filter(([, { colours }]) => colours.includes(colour));
        expect(store.by('colour', colour)).toEqual(wanted.map(([, item]) => item));
      }
    }),
  );
});
