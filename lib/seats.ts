/** Places that are taken for a while: so many for each taker, so many in all. */
export interface Seats {
  /** Gives the place back when called; undefined when the taker, or everybody together, has as many as there are. */
  take(taker: string): (() => void) | undefined;
}

export function createSeats(limits: { readonly each: number; readonly all: number }): Seats {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(taker) {
      const own = taken.get(taker) ?? 0;
      if (own >= limits.each || all >= limits.all) return undefined;
      taken.set(taker, own + 1);
      all += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        all -= 1;
        const left = (taken.get(taker) ?? 1) - 1;
        if (left === 0) taken.delete(taker);
        else taken.set(taker, left);
      };
    },
  };
}
