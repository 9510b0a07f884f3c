import { describe, expect, it } from 'vitest';
import { onTerminal, runArgv } from './run.ts';

const packs = {
  builder: 'nodejs',
  processes: { worker: { command: 'node work.js', argv: ['/usr/local/bin/gantry-start', 'node work.js'] } },
};
const file = { builder: 'dockerfile', processes: { web: { command: 'node server.js', argv: null } } };

describe('the command of a run', () => {
  it('goes to a shell behind the profile scripts in an image of buildpacks', () => {
    expect(runArgv(packs, 'echo $X; ls')).toEqual(['/usr/local/bin/gantry-start', 'echo $X; ls']);
  });

  it('goes to the shell of an image from a Dockerfile', () => {
    expect(runArgv(file, 'ls -l')).toEqual(['/bin/sh', '-c', 'ls -l']);
  });

  it('may be a process type, which then runs as its instances do', () => {
    expect(runArgv(packs, ' worker ')).toEqual(['/usr/local/bin/gantry-start', 'node work.js']);
    expect(runArgv(file, 'web')).toBeNull();
  });

  it('may begin with a process type and go on', () => {
    expect(runArgv(packs, 'worker --once ; echo $?')).toEqual([
      '/usr/local/bin/gantry-start',
      'node work.js --once ; echo $?',
    ]);
    expect(runArgv(file, 'web ; echo $?')).toEqual(['/bin/sh', '-c', 'node server.js ; echo $?']);
  });

  it('is no property of all objects by accident', () => {
    expect(runArgv(file, 'constructor')).toEqual(['/bin/sh', '-c', 'constructor']);
  });
});

describe('a run on a terminal', () => {
  const size = { columns: 77, rows: 33 };

  it('has its size before the command begins, where a shell starts that', () => {
    expect(onTerminal(runArgv(file, 'top'), size)).toEqual([
      '/bin/sh',
      '-c',
      'stty rows 33 cols 77 2>/dev/null; top',
    ]);
    expect(onTerminal(runArgv(packs, 'worker'), size)).toEqual([
      '/usr/local/bin/gantry-start',
      'stty rows 33 cols 77 2>/dev/null; node work.js',
    ]);
  });

  it('is started as it is where no size is known, or no shell is between', () => {
    expect(onTerminal(runArgv(file, 'top'), null)).toEqual(['/bin/sh', '-c', 'top']);
    expect(onTerminal(runArgv(file, 'web'), size)).toBeNull();
    expect(onTerminal(['/bin/top', '-c'], size)).toEqual(['/bin/top', '-c']);
  });
});
