import { z } from 'zod';
import { runOrThrow } from '../lib/child.ts';
import { parseBlock, type Block } from '../lib/ipv4.ts';
import { bareEnvironment } from './context.ts';

const routes = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));

/** The IPv4 blocks this machine has routes to, other than the default route and the devices left out. */
export async function routedBlocks(
  except: (device: string) => boolean,
  signal: AbortSignal,
): Promise<Block[]> {
  const text = await runOrThrow(
    'ip',
    ['-4', '-j', 'route', 'show', 'table', 'all'],
    { env: bareEnvironment() },
    signal,
  );
  return routes
    .parse(JSON.parse(text))
    .filter((route) => !except(route.dev ?? ''))
    .map((route) => parseBlock(route.dst))
    .filter((block) => block !== undefined);
}
