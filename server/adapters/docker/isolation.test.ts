import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainsFor, parseTable, repair } from './isolation.ts';

/** What `iptables-restore --noflush` does to a table, for the words that we use. */
function restore(rules: readonly string[], input: string): string[] {
  let after = [...rules];
  for (const line of input.split('\n')) {
    const head = /^:(\S+) /.exec(line)?.[1];
    if (head !== undefined)
      after = [...after.filter((rule) => !rule.startsWith(`-A ${head} `)), `-N ${head}`];
    const [word, chain = '', ...rest] = line.split(' ');
    const rule = `-A ${chain} ${rest.join(' ').replace(/^1 /, '')}`;
    if (word === '-A') after.push(line);
    if (word === '-D') after.splice(after.indexOf(rule), 1);
    if (word === '-I') after.unshift(rule);
  }
  return after;
}

const chains = chainsFor('abc123', 'iptables');
const fix = (rules: readonly string[]): string | undefined => repair(chains, parseTable(rules.join('\n')));
const fixed = (rules: readonly string[]): string[] => restore(rules, fix(rules) ?? '');

const DOCKER = [
  '-P INPUT ACCEPT',
  '-P FORWARD DROP',
  '-N DOCKER-USER',
  '-A FORWARD -j DOCKER-USER',
  '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
  '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT',
  '-A DOCKER-USER -j RETURN',
];

describe('packet rules', () => {
  it('are written once, hooked in front, and then left alone', () => {
    const after = fixed(DOCKER);
    expect(after.filter((rule) => rule.startsWith('-A INPUT'))).toEqual(['-A INPUT -j GANTRY-ABC123-IN']);
    expect(after.filter((rule) => rule.startsWith('-A DOCKER-USER'))[0]).toBe(
      '-A DOCKER-USER -j GANTRY-ABC123-FWD',
    );
    expect(after.filter((rule) => rule.startsWith('-A FORWARD'))[0]).toBe('-A FORWARD -j DOCKER-USER');
    expect(fix(after)).toBeUndefined();
  });

  it('hold without Docker in the packet filter', () => {
    const after = fixed(['-P FORWARD ACCEPT']);
    expect(after).toContain('-A FORWARD -j GANTRY-ABC123-FWD');
    expect(fix(after)).toBeUndefined();
  });

  it('overtake a rule that was put in front of Docker, or of ours', () => {
    const ahead = ['-A FORWARD -i gtxyz789h -j ACCEPT', '-A INPUT -j ACCEPT', ...fixed(DOCKER)];
    const after = fixed(ahead);
    expect(after.find((rule) => rule.startsWith('-A FORWARD'))).toBe('-A FORWARD -j GANTRY-ABC123-FWD');
    expect(after.find((rule) => rule.startsWith('-A INPUT'))).toBe('-A INPUT -j GANTRY-ABC123-IN');
    expect(after.filter((rule) => rule === '-A INPUT -j GANTRY-ABC123-IN')).toHaveLength(1);
    expect(fix(after)).toBeUndefined();
  });

  it('do not race another platform for the first place', () => {
    const mine = fixed(DOCKER);
    const theirs = restore(mine, repair(chainsFor('xyz789', 'iptables'), parseTable(mine.join('\n'))) ?? '');
    expect(fix(theirs)).toBeUndefined();
  });

  it('come back whatever was deleted', () => {
    const whole = fixed(DOCKER);
    fc.assert(
      fc.property(fc.subarray(whole), (left) => {
        const after = fixed(left);
        expect(fix(after)).toBeUndefined();
        for (const chain of chains)
          expect(after.filter((rule) => rule.startsWith(`-A ${chain.name} `))).toHaveLength(
            chain.rules.length,
          );
      }),
    );
  });

  it('are written anew when this version has others', () => {
    const old = fixed(DOCKER).map((rule) => rule.replace(/gantry-rules-\w+/, 'gantry-rules-000000000000'));
    expect(fix(old)).toContain(':GANTRY-ABC123-IN - [0:0]');
  });

  it('shut IPv6 in all directions', () => {
    const [input, forward] = chainsFor('abc123', 'ip6tables');
    expect(input.rules).toContain('-i gtabc123n+ -j DROP');
    expect(forward.rules).toContain('-i gtabc123n+ -j DROP');
    expect(forward.rules).toContain('-o gtabc123n+ -j DROP');
  });
});
