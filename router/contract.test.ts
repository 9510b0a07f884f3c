import { expect, it } from 'vitest';
import { haproxyProcess } from './contract.ts';

const DIR = '/srv/gantry/router';
const STARTED = ['haproxy', '-q', '-C', `${DIR}/g000007`, '-f', 'process-1.cfg', '-f', 'pool'];

it('knows a HAProxy of its own by what it was started with, also when it took over another’s sockets', () => {
  expect(haproxyProcess(STARTED, DIR)).toEqual({ slot: 1, generation: 7 });
  expect(haproxyProcess([...STARTED, '-x', '/srv/gantry/run/haproxy-1-6.sock'], DIR)).toEqual({
    slot: 1,
    generation: 7,
  });
});

it.each([
  ['somebody who reads a file of it', ['less', `${DIR}/table.json`]],
  ['another router’s', STARTED.map((arg) => arg.replace(DIR, '/srv/other/router'))],
  ['a router’s whose home begins alike', STARTED.map((arg) => arg.replace(DIR, `${DIR}-2`))],
  ['a trial of a configuration', ['haproxy', '-c', ...STARTED.slice(1)]],
  ['another program', ['vi', ...STARTED.slice(1)]],
  ['a kernel thread', []],
])('takes nobody else for one: %s', (_who, argv) => {
  expect(haproxyProcess(argv, DIR)).toBeUndefined();
});
