/** Of what is shorter, like a port or `true`, there is so much in the output that nobody could read the rest. */
const LEAST_LENGTH = 8;
/** What the likes of NODE_ENV say: no secret, and in every other line of a build. */
const ORDINARY = new Set(['production', 'development']);
const MASK = '[secret]';

/** Hides what must not be read in a text. */
export type Mask = (text: string) => string;

/**
 * A mask that puts `[secret]` in place of each of the values. Of a value of several lines each line is hidden by itself,
 * since output comes in lines; `shown` is what becomes of a line before it is masked, and so of the values too.
 *
 * Not hidden are lines of less than eight characters, and `production` and `development`; nor what was made of a value,
 * such as a part of it or its base64.
 */
export function createMask(values: Iterable<string>, shown: (line: string) => string): Mask {
  const hidden = new Set<string>();
  for (const value of values)
    for (const line of value.split(/[\r\n]+/)) {
      const text = shown(line).trim();
      if (text.length >= LEAST_LENGTH && !ORDINARY.has(text)) hidden.add(text);
    }
  if (hidden.size === 0) return (text) => text;
  const find = createFinder(hidden);
  return (text) => {
    let [masked, end] = ['', 0];
    for (const range of find(text)) {
      masked += text.slice(end, range.start) + MASK;
      end = range.end;
    }
    return masked + text.slice(end);
  };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds every place of a text that one of the words covers; places that overlap are one, as what is left of a word would
 * tell much of it. Takes time by the length of the text, however many words there are and whatever they are like: both
 * come from whoever pushed, and other builds wait meanwhile. (The automaton of Aho and Corasick.)
 */
function createFinder(words: Iterable<string>): (text: string) => readonly Range[] {
  // States are numbers, 0 is the start: how much of which words may have been begun. A step leads to a state that is one
  // character deeper.
  const steps = new Map<number, number>();
  const states: State[] = [{ parent: 0, code: 0, depth: 0, shorter: 0, found: 0 }];
  const stepOf = (state: number, code: number): number | undefined => steps.get(state * 0x10000 + code);
  const at = (state: number): State => states[state] as State; // a state is only ever a number that was given here

  for (const word of words) {
    let state = 0;
    for (let i = 0; i < word.length; i += 1) {
      const code = word.charCodeAt(i);
      let next = stepOf(state, code);
      if (next === undefined) {
        next = states.length;
        states.push({ parent: state, code, depth: i + 1, shorter: 0, found: 0 });
        steps.set(state * 0x10000 + code, next);
      }
      state = next;
    }
    at(state).found = word.length;
  }

  /** The state after one more character: of what was begun, the longest that goes on with it. */
  function follow(from: number, code: number): number {
    for (let state = from; ; state = at(state).shorter) {
      const next = stepOf(state, code);
      if (next !== undefined) return next;
      if (state === 0) return 0;
    }
  }

  for (const state of states.slice(1).sort((a, b) => a.depth - b.depth)) {
    if (state.depth > 1) state.shorter = follow(at(state.parent).shorter, state.code);
    if (state.found === 0) state.found = at(state.shorter).found;
  }

  return (text) => {
    const ranges: Range[] = [];
    let state = 0;
    for (let end = 1; end <= text.length; end += 1) {
      state = follow(state, text.charCodeAt(end - 1));
      let start = end - at(state).found;
      if (start === end) continue;
      for (let last = ranges.at(-1); last !== undefined && last.end > start; last = ranges.at(-1)) {
        start = Math.min(start, last.start);
        ranges.pop();
      }
      ranges.push({ start, end });
    }
    return ranges;
  };
}

interface State {
  readonly parent: number;
  readonly code: number;
  readonly depth: number;
  /** Where a shorter one of what was begun is; the longest of those. */
  shorter: number;
  /** The length of the longest word that ends here, or 0. */
  found: number;
}
