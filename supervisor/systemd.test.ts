import fc from 'fast-check';
import { expect, it } from 'vitest';
import { environmentFile, renderUnit } from './systemd.ts';

/** Double quotes of systemd's EnvironmentFile=: a backslash takes the next character as it is. */
const unquoted = (text: string): string => text.replace(/^"|"\n?$/g, '').replace(/\\(.)/gs, '$1');

it('writes every setting so that systemd reads back what was given', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const file = environmentFile({ DATABASE_URL: value, HOME: '/root' });
      expect(file.startsWith('DATABASE_URL=')).toBe(true);
      expect(unquoted(file.slice('DATABASE_URL='.length))).toBe(value);
    }),
  );
});

it('puts a path into the unit as it is, whatever characters it has', () => {
  const template = 'ExecStart=@NODE@ @MAIN@\nEnvironmentFile=@ENVIRONMENT@\n';
  const values = { node: '/n', main: "/m$&/$'x", environment: '/srv/$$/settings.env' };
  expect(renderUnit(template, values)).toBe(
    `ExecStart=/n ${values.main}\nEnvironmentFile=${values.environment}\n`,
  );
});
