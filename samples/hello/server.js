const { createServer } = require('node:http');

const server = createServer((req, res) => {
  res.setHeader('content-type', 'text/plain; charset=utf-8');
  res.end('Hello from Gantry!\n');
});

server.listen(process.env.PORT, () => console.log(`listening on ${process.env.PORT}`));
// Finish what is being answered, then leave: the platform has routed visitors elsewhere already.
process.on('SIGTERM', () => server.close(() => process.exit(0)));
