/** Prints docs/openapi.json: the document that the server answers at /schema. */
import { VERSION } from '../../lib/version.ts';
import { openApi } from '../contract/openapi.ts';

process.stdout.write(`${JSON.stringify(openApi(VERSION), null, 1)}\n`);
