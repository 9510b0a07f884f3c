import { buildErrors } from './errors.ts';
import type { Trace } from './trace.ts';
import { createLineCutter, type Transcript } from './transcript.ts';

/** Turns what the engine tells into lines of the transcript. */
export interface Steps {
  readonly take: (trace: Trace) => void;
  /** Shows what was not yet ended by a line end. */
  readonly end: () => void;
}

/** For a Dockerfile: the steps by name, their output below them. */
export function dockerfileSteps(transcript: Transcript): Steps {
  const named = new Set<string>();
  return stepsOf(transcript, {
    indent: '       ',
    vertex({ digest, name, started, cached }) {
      if (!started || named.has(digest) || !/^\[(?!internal\])/.test(name)) return;
      named.add(digest);
      transcript.output(`       ${plainName(name)}${cached ? ' (cached)' : ''}`);
    },
  });
}

/** For buildpacks, who write their lines in the transcript's own form. */
export function buildpackSteps(transcript: Transcript): Steps {
  return stepsOf(transcript, { indent: '', vertex: () => undefined });
}

function stepsOf(
  transcript: Transcript,
  options: { indent: string; vertex: (vertex: Trace['vertexes'][number]) => void },
): Steps {
  const cutters = new Map<string, ReturnType<typeof createLineCutter>>();
  return {
    take(trace) {
      trace.vertexes.forEach(options.vertex);
      for (const log of trace.logs) {
        // Standard output and error of a step arrive apart; one cutter for both would join halves of lines.
        const key = `${log.vertex} ${log.stream}`;
        let cutter = cutters.get(key);
        if (cutter === undefined)
          cutters.set(key, (cutter = createLineCutter((line) => transcript.output(options.indent + line))));
        cutter.take(log.bytes);
      }
    },
    end() {
      for (const cutter of cutters.values()) cutter.end();
    },
  };
}

function plainName(name: string): string {
  return name.replace(/\bdocker\.io\/(?:library\/|(?=gantry\/))/g, '');
}

/** The step that BuildKit names in a failure, and how it ended. */
export interface StepFailure {
  readonly step: string;
  readonly code: number | null;
  readonly why: string;
}

/** Reads BuildKit's sentence about a failed step, in the wording of old and of new engines. */
export function readFailure(message: string): StepFailure {
  const [, step, code] =
    /executor failed running \[([\s\S]*)\]: .*?exit code: (\d+)/.exec(message) ??
    /process "([\s\S]*)" did not complete successfully: exit code: (\d+)/.exec(message) ??
    [];
  if (step !== undefined && code !== undefined) {
    const shown = `RUN ${step.replace(/^\/bin\/sh -c /, '')}`.split('\n')[0] ?? '';
    return { step: shown.slice(0, 200), code: Number(code), why: whyOf(Number(code)) };
  }
  const plain = message.replace(
    /^(?:failed to solve[^:]*: |rpc error: code = \w+ desc = |failed to build LLB: )+/g,
    '',
  );
  return { step: 'the build', code: null, why: plainName(plain).replace(/\s+/g, ' ').slice(0, 500) };
}

function whyOf(code: number): string {
  if (code === 137) return 'it was killed (exit code 137), most often for using more memory than a build may';
  return code === 127 ? 'a command was not found (exit code 127)' : `exit code ${code}`;
}

/** Failures of the engine that no source is to blame for. */
const ENGINE_FAULT =
  /no space left on device|context canceled|transport is closing|connection (?:error|refused).*docker|session.*(?:not found|no active)/i;

/** The failure of a Dockerfile build, as the person who pushed reads it. */
export function dockerfileError(message: string): Error {
  const { step, why } = readFailure(message);
  if (ENGINE_FAULT.test(message)) return buildErrors.of('engine_away', { why });
  return buildErrors.of('step_failed', { step, why });
}

/** The failure of a buildpack build; `title` is what bin/detect called the app, when it came so far. */
export function buildpackError(message: string, title: string, chosen: string | null): Error {
  const { step, code, why } = readFailure(message);
  if (code === 81)
    return chosen === null
      ? buildErrors.of('no_language', {})
      : buildErrors.of('wrong_buildpack', { buildpack: chosen });
  if (code === 82 || code === 137) return buildErrors.of('compile_failed', { pack: title });
  if (code === 83) return buildErrors.of('release_unreadable', { pack: title, why: 'bin/release failed' });
  if (ENGINE_FAULT.test(message)) return buildErrors.of('engine_away', { why });
  return buildErrors.of('step_failed', { step: step.startsWith('RUN') ? 'the buildpack' : step, why });
}
