/** Answers whether a path of the tree is left out of a Dockerfile build. */
export type Ignored = (path: string) => boolean;

/** One character of a pattern: any run, any one, one of a class, or itself. */
type Token = '*' | '?' | RegExp | { readonly char: string };

interface Rule {
  /** Null stands for `**`: any number of directories. */
  readonly segments: readonly (readonly Token[] | null)[];
  readonly keep: boolean;
}

/** More rules than any real file has; each is tried on each path. */
const MAX_RULES = 1000;

/**
 * Reads a .dockerignore with Docker's rules: shell patterns against the whole path, `**`, `!` for exceptions, the
 * last match decides, and what lies below a match is matched too. The Dockerfile itself is always built from.
 *
 * Done here and not by the engine: it applies the file only to contexts that its own client sends. Not turned into
 * a regular expression: a few stars in a hostile pattern would make one run for hours.
 */
export function parseDockerignore(text: string): Ignored {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap(readRule)
    .slice(0, MAX_RULES);
  return (path) => {
    if (path === 'Dockerfile' || path === '.dockerignore') return false;
    const segments = path.split('/');
    return rules.findLast((rule) => matches(rule, segments))?.keep === false;
  };
}

function readRule(line: string): Rule[] {
  if (line.startsWith('#')) return [];
  const trimmed = line.trim();
  const keep = trimmed.startsWith('!');
  const segments = (keep ? trimmed.slice(1).trim() : trimmed)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (segments.length === 0 || segments.length > 256 || segments.includes('..')) return [];
  return [{ segments: segments.map((part) => (/^\*\*+$/.test(part) ? null : tokens(part))), keep }];
}

function tokens(pattern: string): Token[] {
  const out: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    const end = char === '[' ? pattern.indexOf(']', at + 2) : -1;
    if (char === '*') {
      if (out.at(-1) !== '*') out.push('*');
    } else if (char === '?') out.push('?');
    else if (end !== -1) {
      out.push(charClass(pattern.slice(at + 1, end)));
      at = end;
    } else if (char === '\\' && at + 1 < pattern.length) {
      at += 1;
      out.push({ char: pattern.charAt(at) });
    } else out.push({ char });
  }
  return out;
}

function charClass(body: string): RegExp {
  try {
    return new RegExp(`^[${body.replace(/[\\[\]]/g, '\\$&')}]$`);
  } catch {
    return /^$/; // a range with its ends swapped matches nothing
  }
}

/** True when the pattern matches the path or one of its parents. */
function matches(rule: Rule, path: readonly string[]): boolean {
  // reach[j]: the segments of the pattern so far can match the first j of the path.
  let reach = path.map(() => false);
  reach = [true, ...reach];
  for (const [index, segment] of rule.segments.entries()) {
    const next = reach.map(() => false);
    for (let j = 0; j <= path.length; j += 1) {
      if (segment === null) {
        const already = reach[j] === true || (j > 0 && next[j - 1] === true);
        // A trailing `**` needs something below it.
        next[j] = already && !(index === rule.segments.length - 1 && j === 0);
      } else if (j > 0 && reach[j - 1] === true) next[j] = matchSegment(segment, path[j - 1] ?? '');
    }
    reach = next;
  }
  return reach.includes(true);
}

/** The usual walk with one remembered star: at worst length × length steps. */
function matchSegment(pattern: readonly Token[], text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const token = pattern[p];
    if (token === '*') {
      star = p;
      resume = t;
      p += 1;
    } else if (token !== undefined && matchChar(token, text.charAt(t))) {
      p += 1;
      t += 1;
    } else if (star !== -1) {
      p = star + 1;
      resume += 1;
      t = resume;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

function matchChar(token: Exclude<Token, '*'>, char: string): boolean {
  if (token === '?') return true;
  return token instanceof RegExp ? token.test(char) : token.char === char;
}
