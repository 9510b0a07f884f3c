/** The baseline of script/bench api: the least a Node server can do, an answer of the same length from memory. */
import { createServer } from 'node:http';

const body = Buffer.alloc(Number(process.argv[2] ?? 1000), 'x');
const server = createServer((_req, res) => {
  res.setHeader('content-type', 'application/json');
  res.end(body);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`);
});
