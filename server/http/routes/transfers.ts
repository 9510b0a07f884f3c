import {
  answerOffer,
  listTransfers,
  offerApp,
  showTransfer,
  withdrawOffer,
} from '../../contract/endpoints/transfers.ts';
import { showUser } from '../../contract/endpoints/users.ts';
import type { AppTransfer } from '../../domain/team.ts';
import { listAnswer } from '../answer.ts';
import { shapeTransfer, shapeUser } from '../membership-shapes.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';

const FIELDS = { id: ({ id }: AppTransfer) => id };

export function transferRoutes(transfers: Services['transfers']): readonly Route[] {
  return [
    route(listTransfers, async ({ actor, range, signal }) =>
      listAnswer(range, await transfers.list(actor, signal), FIELDS, shapeTransfer),
    ),
    route(offerApp, async ({ actor, body, signal }) => ({
      body: shapeTransfer(await transfers.offer(actor, body, signal)),
    })),
    route(showTransfer, async ({ actor, params, signal }) => ({
      body: shapeTransfer(await transfers.find(actor, params.transfer, signal)),
    })),
    route(answerOffer, async ({ actor, params, body, signal }) => ({
      body: shapeTransfer(await transfers.answer(actor, params.transfer, body.state, signal)),
    })),
    route(withdrawOffer, async ({ actor, params, signal }) => ({
      body: shapeTransfer(await transfers.withdraw(actor, params.transfer, signal)),
    })),
  ];
}

export function userRoutes(people: Services['directory']): readonly Route[] {
  return [
    route(showUser, async ({ actor, params, signal }) => ({
      body: shapeUser(await people.find(actor, params.user, signal)),
    })),
  ];
}
