import { expect, it } from 'vitest';
import { splitAnswers } from './haproxy-socket.ts';
import { believeInAll, forEachMap, parseMap, parseServers, type Runtime } from './runtime.ts';

it('tells the answers to several commands apart, silent ones too', () => {
  expect(splitAnswers('moved\n\n\n1\n# be_id\n2 p\n\nno need\n\n')).toEqual([
    'moved',
    '',
    '1\n# be_id\n2 p',
    'no need',
  ]);
  expect(splitAnswers('\n\n')).toEqual(['', '']);
  expect(splitAnswers('last line\n')).toEqual(['last line']);
});

it('reads a map, and sees a key that is there twice with two values as wrong', () => {
  expect(parseMap('0x55 a.dev app\n0x56 b.dev app\n0x57 b.dev app')).toEqual(
    new Map([
      ['a.dev', 'app'],
      ['b.dev', 'app'],
    ]),
  );
  expect(parseMap('0x55 a.dev one\n0x56 a.dev two').get('a.dev')).toBe('?');
});

it('reads which slots are open: neither a check that failed nor a file that once said `disabled` closes one', () => {
  const answer = [
    '1',
    '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port',
    '10000 p00000 1 s1 10.0.0.1 0 0 80',
    '10000 p00000 2 s2 10.0.0.2 2 4 81',
    '10000 p00000 3 s3 127.0.0.1 0 5 1',
    '10000 p00000 4 s4 10.0.0.4 2 8 82',
    '3 handoff 1 next - 2 0 0',
  ].join('\n');
  expect([...parseServers(answer)].map(([slot, s]) => [slot, s.port, s.open])).toEqual([
    ['p00000/s1', 80, true],
    ['p00000/s2', 81, true],
    ['p00000/s3', 1, false],
    ['p00000/s4', 82, false],
  ]);
});

it('believes in every open server, and in no closed one', () => {
  const runtime: Runtime = {
    maps: forEachMap(() => new Map<string, string>()),
    tls: { standard: '', files: new Map(), pending: null },
    servers: new Map([
      ['p00000/s1', { address: '10.0.0.1', port: 80, open: true }],
      ['p00000/s2', { address: '10.0.0.2', port: 80, open: false }],
    ]),
  };
  expect(believeInAll(runtime).map((command) => command.line)).toEqual(['set server p00000/s1 health up']);
});
