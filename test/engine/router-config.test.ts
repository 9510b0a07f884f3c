import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const fixtures = 'test/fixtures/router';

it.each(['empty', 'two-apps', 'large'])('HAProxy accepts the golden files of the table %s', async (name) => {
  for (const slot of [0, 1]) {
    const args = ['-c', '-C', `${fixtures}/${name}`, '-f', `process-${slot}.cfg`, '-f', 'pool'];
    const { stdout, stderr } = await promisify(execFile)('haproxy', args);
    expect(`${stdout}${stderr}`).not.toMatch(/ALERT|WARNING/);
  }
});

it('HAProxy accepts the golden files of a router that is not root', async () => {
  const args = ['-c', '-C', `${fixtures}/two-apps`, '-f', '../not-root/process-1.cfg', '-f', 'pool'];
  const { stdout, stderr } = await promisify(execFile)('haproxy', args);
  expect(`${stdout}${stderr}`).not.toMatch(/ALERT|WARNING/);
});
