/** A buildpack that the platform has. */
export interface Buildpack {
  readonly namespace: string;
  /** Without the namespace. */
  readonly name: string;
  /** Names under which people coming from elsewhere know it. */
  readonly aliases: readonly string[];
  /** The folder under `buildpacks`, by which the builder knows it. */
  readonly pack: string;
  readonly description: string;
  readonly readme: string;
}

/** All there are, in the order in which they are asked whether they apply. */
export const BUILDPACKS: readonly Buildpack[] = [
  {
    namespace: 'gantry',
    name: 'nodejs',
    aliases: ['heroku/nodejs'],
    pack: 'nodejs',
    description: 'Node.js apps with npm, detected by a package.json.',
    readme:
      '# Node.js\n\nApplies to a source with a `package.json` at its root. Installs the Node.js that `engines.node` asks for, then the dependencies by `npm ci`, runs `heroku-postbuild` or `build`, and starts `npm start` unless a Procfile says otherwise.\n',
  },
  {
    namespace: 'gantry',
    name: 'static',
    aliases: ['heroku/static', 'heroku-community/static'],
    pack: 'static',
    description: 'Static sites, detected by an index.html, public/index.html or static.json.',
    readme:
      '# Static site\n\nApplies to a source with `index.html`, `public/index.html` or `static.json` at its root, and serves its files.\n',
  },
];

/** Heroku's own, without those that the platform has: people ask for them by name, and an app may keep the choice. */
const HEROKUS: readonly string[] = [
  ...['clojure', 'go', 'gradle', 'java', 'jvm', 'php', 'python', 'ruby', 'scala'],
];

const URN = 'urn:buildpack:';
/** `heroku/nodejs`, `urn:buildpack:heroku/nodejs`, or the address of one. */
const NAME = /^[a-z0-9][a-z0-9_.-]{0,62}\/[a-z0-9][a-z0-9_.-]{0,62}$/i;
const LONGEST = 500;
/** As many as anybody has ever put in a row. */
export const MOST_BUILDPACKS = 20;

/** The name as it is kept and shown: without the prefix that says that it is a name. */
export function buildpackName(word: string): string {
  return word.startsWith(URN) ? word.slice(URN.length) : word;
}

/** Why a word cannot name a buildpack; undefined when it can, whether there is one or not. */
export function buildpackProblem(word: string): string | undefined {
  const name = buildpackName(word);
  if (name.length <= LONGEST && (NAME.test(name) || isAddress(name))) return undefined;
  return 'must be a name such as heroku/nodejs, or the https address of a buildpack';
}

function isAddress(text: string): boolean {
  return /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/[\x21-\x7e]*$/.test(text) && URL.canParse(text);
}

/** The buildpack of the platform that goes by this name, if there is one. */
export function findBuildpack(word: string): Buildpack | undefined {
  const name = buildpackName(word).toLowerCase();
  return BUILDPACKS.find((one) => [`${one.namespace}/${one.name}`, ...one.aliases].includes(name));
}

/** What can be told of a buildpack: of those of the platform, and of Heroku's, that it does not have them. */
export type DescribedBuildpack = Pick<Buildpack, 'namespace' | 'name' | 'description' | 'readme'>;

/** What is told of a buildpack that goes by this name; undefined when nobody knows it. */
export function describeBuildpack(word: string): DescribedBuildpack | undefined {
  const own = findBuildpack(word);
  if (own) return own;
  const [namespace = '', name = ''] = buildpackName(word).toLowerCase().split('/');
  if (namespace !== 'heroku' || !HEROKUS.includes(name)) return undefined;
  const description = `Known, and not on this platform yet: an app may choose it, and no build can use it.`;
  const readme = `# ${namespace}/${name}\n\n${description} A Dockerfile at the root of the source builds such an app.\n`;
  return { namespace, name, description, readme };
}

/**
 * The one buildpack a build is to use; null: whichever applies. Or the sentence why what was chosen cannot be used: the
 * choice is kept all the same, and is worth keeping for the day when it can.
 */
export function chooseBuildpack(
  chosen: readonly string[],
): { readonly pack: string | null } | { readonly reason: string } {
  const [first] = chosen;
  if (first === undefined) return { pack: null };
  const known = BUILDPACKS.map((one) => `${one.namespace}/${one.name}`).join(' and ');
  const unknown = chosen.find((name) => !findBuildpack(name));
  if (unknown !== undefined)
    return {
      reason: `The buildpack ${buildpackName(unknown)} is not one of this platform, which has ${known}; choose one of them (gantry buildpacks:set) or none (gantry buildpacks:clear)`,
    };
  if (chosen.length > 1)
    return {
      reason: `${chosen.length} buildpacks are chosen, and this version of Gantry builds with one; remove the others (gantry buildpacks:remove)`,
    };
  return { pack: findBuildpack(first)?.pack ?? null };
}
