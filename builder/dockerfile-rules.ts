import { arch } from 'node:os';
import { isIP } from 'node:net';
import { parseDockerfile, type Dockerfile, type Instruction } from './dockerfile.ts';
import { buildErrors } from './errors.ts';
import { judgeImage } from './image-name.ts';

/** What the scan of an admitted Dockerfile tells the build. */
export interface Scanned {
  /** True when it builds upon gantry/stack, which then must be there. */
  readonly stack: boolean;
  /** The file to build: as pushed, but for a `# syntax=` line of Docker's own front end, which is built in here. */
  readonly text: string;
}

/** The images of Docker's own front end; anything else named by `# syntax=` is a program run with the engine's rights. */
const OWN_FRONTEND = /^(?:docker\.io\/)?docker\/dockerfile(?::[A-Za-z0-9._-]+)?(?:@sha256:[0-9a-f]{64})?$/;

/**
 * Refuses, before anything runs, a Dockerfile that asks for what no tenant may have: other tenants' images, other
 * front ends, the engine's network, undivided privileges, contexts from elsewhere. Throws `dockerfile_refused`.
 * `registries` are the platform's registry hosts, without port.
 */
export function scanDockerfile(text: string, registries: readonly string[]): Scanned {
  let stack = false;
  // Old and new engines differ in what a doubled escape at the end of a line means; neither may be fooled.
  for (const doubled of [false, true]) {
    const parsed = parseDockerfile(text, { doubled });
    checkDirectives(parsed, text);
    if (checkInstructions(parsed, registries)) stack = true;
  }
  return { stack, text: withoutSyntaxLine(text) };
}

function refuse(line: number, why: string): Error {
  return buildErrors.of('dockerfile_refused', { line, why });
}

function checkDirectives({ directives }: Dockerfile, text: string): void {
  for (const { line, name, value } of directives) {
    if (name === 'syntax' && !OWN_FRONTEND.test(value)) {
      throw refuse(line, `"# syntax=" may only name docker/dockerfile, not "${value.slice(0, 100)}"`);
    }
  }
  // Newer front ends also take the directive as JSON at the head of the file.
  if (/^\uFEFF?\s*\{/.test(text)) throw refuse(1, 'it does not start with an instruction');
}

function withoutSyntaxLine(text: string): string {
  const lines = text.split('\n');
  for (const directive of parseDockerfile(text, { doubled: false }).directives) {
    if (directive.name === 'syntax') lines[directive.line - 1] = '#';
  }
  return lines.join('\n');
}

function checkInstructions({ instructions }: Dockerfile, registries: readonly string[]): boolean {
  const stages: string[] = [];
  const args = new Map(platformArgs());
  let stack = false;
  const image = (line: number, name: string): void => {
    const verdict = judgeImage(name, registries);
    if (!verdict.allowed) throw refuse(line, verdict.why);
    if (verdict.stack) stack = true;
  };
  for (const outer of instructions) {
    const one = outer.name === 'ONBUILD' ? inner(outer) : outer;
    if (one.name === 'ARG' && stages.length === 0) declare(args, one.rest);
    else if (one.name === 'FROM') checkFrom(one, { stages, args, image });
    else if (one.name === 'COPY' || one.name === 'ADD') checkCopy(one, stages, image);
    else if (one.name === 'RUN') checkRun(one, stages, image);
  }
  return stack;
}

function inner(outer: Instruction): Instruction {
  const text = [...outer.flags, outer.rest].join(' ');
  const [first] = parseDockerfile(text, { doubled: false }).instructions;
  return first === undefined ? outer : { ...first, line: outer.line };
}

function platformArgs(): [string, string][] {
  const cpu = arch() === 'x64' ? 'amd64' : arch();
  return ['TARGET', 'BUILD'].flatMap((side): [string, string][] => [
    [`${side}PLATFORM`, `linux/${cpu}`],
    [`${side}OS`, 'linux'],
    [`${side}ARCH`, cpu],
    [`${side}VARIANT`, ''],
  ]);
}

function declare(args: Map<string, string>, rest: string): void {
  for (const word of rest.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []) {
    const [, name, value] = /^([A-Za-z_]\w*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (name === undefined || (value === undefined && args.has(name))) continue;
    const bare = (value ?? '').replace(/^"([^"]*)"$|^'([^']*)'$/, '$1$2');
    args.set(name, expand(bare, args) ?? '\0'); // a value we cannot follow must not pass as a name later
  }
}

/** The plain forms of a variable; null for the others, which nobody needs in the name of an image. */
function expand(text: string, args: ReadonlyMap<string, string>): string | null {
  const done = text.replace(
    /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::-([^${}]*))?\})/g,
    (_, plain?: string, braced?: string, fallback?: string) => {
      const value = args.get(plain ?? braced ?? '') ?? '';
      return value === '' ? (fallback ?? '') : value;
    },
  );
  return done.includes('$') || done.includes('\\') ? null : done;
}

interface FromContext {
  readonly stages: string[];
  readonly args: ReadonlyMap<string, string>;
  readonly image: (line: number, name: string) => void;
}

function checkFrom(one: Instruction, { stages, args, image }: FromContext): void {
  const [written = '', as, stage] = one.rest.split(/\s+/);
  const name = expand(written, args);
  if (name === null)
    throw refuse(
      one.line,
      `the image "${written.slice(0, 100)}" is written in a way that cannot be checked; name it plainly`,
    );
  if (!stages.includes(name.toLowerCase())) image(one.line, name);
  // An unnamed stage still counts: COPY --from may name it by its number.
  stages.push(as?.toLowerCase() === 'as' && stage !== undefined ? stage.toLowerCase() : `\0${stages.length}`);
}

function isStage(name: string, stages: readonly string[]): boolean {
  return stages.includes(name.toLowerCase()) || (/^\d{1,4}$/.test(name) && Number(name) < stages.length);
}

function checkSource(
  one: Instruction,
  name: string,
  context: { stages: readonly string[]; image: FromContext['image'] },
): void {
  if (name.includes('$'))
    throw refuse(one.line, 'variables cannot be used to name the image to copy from; name it plainly');
  if (!isStage(name, context.stages)) context.image(one.line, name);
}

function checkCopy(one: Instruction, stages: readonly string[], image: FromContext['image']): void {
  for (const flag of one.flags) {
    const [, name] = /^--from=([\s\S]*)$/i.exec(flag) ?? [];
    if (name !== undefined) checkSource(one, name, { stages, image });
  }
  if (one.name !== 'ADD') return;
  for (const word of one.rest.split(/[\s",']+/)) {
    if (/^(?:git@|git:|ssh:|git\+)/i.test(word) || /^https?:.*\.git(?:[#?/]|$)/i.test(word)) {
      throw refuse(one.line, 'ADD of a git repository is not possible; push its files with those of the app');
    }
    const host = /^https?:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)/i.exec(word)?.[1];
    if (
      host !== undefined &&
      (isIP(host.replace(/^\[|\]$/g, '')) !== 0 || /^(?:[\d.]+|0x.*|(?:.*\.)?localhost)$/i.test(host))
    ) {
      throw refuse(one.line, `ADD from ${host.slice(0, 60)} is not possible; only public host names are`);
    }
  }
}

function checkRun(one: Instruction, stages: readonly string[], image: FromContext['image']): void {
  for (const flag of one.flags) {
    const [, key = '', value = ''] = /^--([A-Za-z-]+)(?:=([\s\S]*))?$/.exec(flag) ?? [];
    const name = key.toLowerCase();
    if (name === 'security') throw refuse(one.line, 'RUN --security is not possible here');
    if (name === 'network' && value.toLowerCase() !== 'none' && value.toLowerCase() !== 'default') {
      throw refuse(one.line, `RUN --network=${value.slice(0, 40)} is not possible here`);
    }
    if (name === 'device') throw refuse(one.line, 'RUN --device is not possible here');
    if (name === 'mount') checkMount(one, value, { stages, image });
  }
}

function checkMount(
  one: Instruction,
  value: string,
  context: { stages: readonly string[]; image: FromContext['image'] },
): void {
  for (const field of value.split(',')) {
    const bare = field.trim().replace(/^"/, '').replace(/"$/, '');
    const [, key = '', text = ''] = /^([A-Za-z]+)\s*(?:=([\s\S]*))?$/.exec(bare) ?? [];
    if (key.toLowerCase() === 'from') checkSource(one, text, context);
    if (key.toLowerCase() === 'type' && /^(?:secret|ssh)$/i.test(text)) {
      throw refuse(
        one.line,
        `RUN --mount=type=${text.toLowerCase()} is not possible: no ${text.toLowerCase()} is handed to builds from a Dockerfile`,
      );
    }
  }
}
