import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../test/support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('a request that asks for an upgrade', () => {
  const ask = async (method: string, body: string): Promise<string> => {
    const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
    const head = [
      ...[`${method} /apps/demo HTTP/1.1`, 'Host: x', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'],
      ...['HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA', `Authorization: Bearer ${door.world.adminToken}`],
      ...[`Content-Length: ${body.length}`, '', body],
    ];
    socket.write(head.join('\r\n'));
    const chunks = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };

  it('is answered as if it had not asked', async () => {
    const answer = await ask('GET', '');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('"name":"demo"');
  });

  it('is told to ask without, when it has a body', async () => {
    const answer = await ask('PATCH', '{"maintenance":true}');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('without the Upgrade header');
    expect(door.world.apps.get('demo')?.app.maintenance).toBe(false);
  });
});
