import { describe, expect, it } from 'vitest';
import { gitInvocation, gitProtocol } from './process.ts';
import { GIT_LIMITS } from './limits.ts';

const hook = { socket: '/run/push.sock', token: 'secret-token' };
const receive = {
  program: 'receive-pack',
  turn: 'whole',
  repository: '/repos/a.git',
  protocol: undefined,
  hook,
} as const;

describe('gitInvocation', () => {
  it('builds the environment from nothing: no variable of ours leaks to git [S-GIT-05]', () => {
    const { env } = gitInvocation(receive, GIT_LIMITS.process);
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
    expect(gitInvocation(receive, GIT_LIMITS.process).args.join(' ')).not.toContain(hook.token);
  });

  it('caps memory, processor time, files and core dumps, and gives no network [S-GIT-18]', () => {
    const { command, args } = gitInvocation(receive, {
      ...GIT_LIMITS.process,
      memoryBytes: 7,
      cpuSeconds: 9,
      packBytes: 11,
    });
    expect(command).toBe('prlimit');
    expect(args.slice(0, 8)).toEqual([
      '--data=7',
      '--cpu=9:14',
      '--fsize=22',
      '--core=0',
      '--nofile=256',
      'unshare',
      '--net',
      'git',
    ]);
    expect(args).toContain('receive.maxInputSize=11');
  });

  it('names the repository last, and gives fetches no hook', () => {
    const { args, env } = gitInvocation(
      {
        program: 'upload-pack',
        turn: 'whole',
        repository: '/repos/a.git',
        protocol: 'version=2',
        hook: undefined,
      },
      GIT_LIMITS.process,
    );
    expect(args.slice(-2)).toEqual(['upload-pack', '/repos/a.git']);
    expect(env['GIT_PROTOCOL']).toBe('version=2');
    expect(Object.keys(env)).not.toContain('GANTRY_PUSH_TOKEN');
    expect(args.join(' ')).not.toContain('hooksPath');
  });

  it('lets a process that stands alone know it, and which half of the conversation is its own', () => {
    const said = (turn: 'whole' | 'offer' | 'answer'): string[] =>
      gitInvocation({ ...receive, turn }, GIT_LIMITS.process).args.slice(-4);
    expect(said('whole').join(' ')).not.toContain('--');
    expect(said('offer').slice(1, 3)).toEqual(['--stateless-rpc', '--advertise-refs']);
    expect(said('answer').slice(1)).toEqual(['receive-pack', '--stateless-rpc', '/repos/a.git']);
  });
});

describe('gitProtocol [S-GIT-05]', () => {
  it.each(['version=0', 'version=1', 'version=2'])('lets %s through', (version) => {
    expect(gitProtocol(version)).toBe(version);
  });

  it.each([undefined, '', 'version=3', 'version=22', 'version=2:x', 'version=2\n', ' version=2', '$(id)'])(
    'drops %j',
    (value) => {
      expect(gitProtocol(value)).toBeUndefined();
    },
  );
});
