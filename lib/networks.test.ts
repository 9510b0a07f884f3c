import { describe, expect, it } from 'vitest';
import { isNetwork, networks } from './networks.ts';

describe('a network', () => {
  it.each(['10.0.0.0/8', '192.0.2.4', '0.0.0.0/0', '2001:db8::/32', '::1', '::/0', '10.1.2.3/8'])(
    'is %s',
    (text) => {
      expect(isNetwork(text)).toBe(true);
    },
  );

  it.each(['', '10', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/-1', '10.0.0.0/8/8', 'fe80::1%eth0'])(
    'is not "%s"',
    (text) => {
      expect(isNetwork(text)).toBe(false);
      expect(() => networks([text])).toThrow(/is neither an address nor a network/);
    },
  );

  it.each(['example.com', '::ffff:10.0.0.1', ' 10.0.0.1', '10.0.0.1\n', '0x7f.1', '010.0.0.1', '1e1.0.0.1'])(
    'is not "%s" either',
    (text) => {
      expect(isNetwork(text)).toBe(false);
    },
  );
});

describe('an address', () => {
  const inside = networks(['10.1.0.0/16', '192.0.2.4', '2001:db8:1::/48', '::1']);

  it.each([
    '10.1.0.0',
    '10.1.255.255',
    '192.0.2.4',
    '2001:db8:1::7',
    '2001:DB8:1:0::7',
    '::1',
    '::ffff:10.1.2.3',
  ])('%s is inside', (address) => {
    expect(inside(address)).toBe(true);
  });

  it.each([
    '10.2.0.0',
    '10.0.255.255',
    '192.0.2.5',
    '2001:db8:2::7',
    '::2',
    '::ffff:10.2.0.1',
    '',
    'localhost',
    'fe80::1%lo',
  ])('"%s" is not', (address) => {
    expect(inside(address)).toBe(false);
  });

  it('is inside nothing where there is none', () => {
    expect(networks([])('10.0.0.1')).toBe(false);
  });
});
