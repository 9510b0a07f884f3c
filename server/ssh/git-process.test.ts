import { describe, expect, it } from 'vitest';
import { gitInvocation } from './git-process.ts';
import { LIMITS } from './limits.ts';

const hook = { socket: '/run/push.sock', token: 'secret-token' };
const receive = { program: 'receive-pack', repository: '/repos/a.git', protocol: undefined, hook } as const;

describe('gitInvocation', () => {
  it('builds the environment from nothing: no variable of ours leaks to git', () => {
    const { env } = gitInvocation(receive, LIMITS.git);
    expect(Object.keys(env).sort()).toEqual([
      'GANTRY_PUSH_SOCKET',
      'GANTRY_PUSH_TOKEN',
      'GIT_ATTR_NOSYSTEM',
      'GIT_CONFIG_GLOBAL',
      'GIT_CONFIG_NOSYSTEM',
      'GIT_TERMINAL_PROMPT',
      'HOME',
      'LC_ALL',
      'PATH',
    ]);
  });

  it('keeps the token out of the argument list, which everybody on the machine can read', () => {
    expect(gitInvocation(receive, LIMITS.git).args.join(' ')).not.toContain(hook.token);
  });

  it('caps memory, processor time, files and core dumps', () => {
    const { command, args } = gitInvocation(receive, {
      ...LIMITS.git,
      memoryBytes: 7,
      cpuSeconds: 9,
      packBytes: 11,
    });
    expect(command).toBe('prlimit');
    expect(args.slice(0, 6)).toEqual([
      '--data=7',
      '--cpu=9:14',
      '--fsize=22',
      '--core=0',
      '--nofile=256',
      'git',
    ]);
    expect(args).toContain('receive.maxInputSize=11');
  });

  it('names the repository last, and gives fetches no hook', () => {
    const { args, env } = gitInvocation(
      { program: 'upload-pack', repository: '/repos/a.git', protocol: 'version=2', hook: undefined },
      LIMITS.git,
    );
    expect(args.slice(-2)).toEqual(['upload-pack', '/repos/a.git']);
    expect(env['GIT_PROTOCOL']).toBe('version=2');
    expect(Object.keys(env)).not.toContain('GANTRY_PUSH_TOKEN');
    expect(args.join(' ')).not.toContain('hooksPath');
  });
});
