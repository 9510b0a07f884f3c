import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { requireFree } from './free-port.ts';

it.each(['::', '0.0.0.0'])('says that a port is taken only while it is: %s', async (address) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const held = holder.address();
  const port = typeof held === 'object' && held ? held.port : 0;
  await expect(requireFree(port, address, 'GANTRY_HTTPS_PORT')).rejects.toThrow(
    `Port ${port} is already used by another program; stop it, or set GANTRY_HTTPS_PORT`,
  );
  await new Promise((resolve) => holder.close(resolve));
  await expect(requireFree(port, address, 'GANTRY_HTTP_PORT')).resolves.toBeUndefined();
});

it('takes no other failure for a port that is taken, such as a kernel without that family', async () => {
  await expect(requireFree(8080, '192.0.2.1', 'GANTRY_HTTP_PORT')).rejects.toThrow('EADDRNOTAVAIL');
});
