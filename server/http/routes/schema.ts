import { showSchema } from '../../contract/endpoints/schema.ts';
import { openApi } from '../../contract/openapi.ts';
import { route, type Route } from '../route.ts';

/** What this API is, for programs that read it. The document is the same for everyone, so it is made once. */
export function schemaRoutes(version: string): readonly Route[] {
  let document: ReturnType<typeof openApi> | undefined;
  return [
    route(showSchema, () => {
      document ??= openApi(version);
      return Promise.resolve({ body: { openapi: '3.1.0', ...document } });
    }),
  ];
}
