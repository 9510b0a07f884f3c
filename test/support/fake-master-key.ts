import type { MasterKey, SealedValues } from '../../server/ports/master-key.ts';

/** Keys that are numbers, and values of which only the key is known that sealed them; a negative one is no key of ours. */
export function createFakeMasterKey(sealed: number[] = []) {
  let keys: readonly [number, ...number[]] = [0];
  const masterKey: MasterKey = {
    ids() {
      const [current, ...former] = keys;
      return [String(current), ...former.map(String)];
    },
    renew() {
      if (keys.length === 1) keys = [keys[0] + 1, ...keys];
      return Promise.resolve();
    },
    forgetFormer() {
      keys = [keys[0]];
      return Promise.resolve();
    },
  };
  const sealedValues: SealedValues = {
    sealedOtherwise: (id) => Promise.resolve(sealed.filter((one) => String(one) !== id).length),
    resealAll(id) {
      let [resealed, unreadable] = [0, 0];
      sealed.forEach((one, at) => {
        if (String(one) === id) return;
        if (!keys.includes(one)) unreadable += 1;
        else {
          sealed[at] = Number(id);
          resealed += 1;
        }
      });
      return Promise.resolve({ resealed, unreadable });
    },
  };
  return { masterKey, sealedValues };
}
