import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { answerOffer as answerBody, offerApp as offerBody } from '../requests.ts';
import { appTransfer } from '../resources.ts';

export const listTransfers = endpoint({
  method: 'GET',
  path: '/account/app-transfers',
  summary: 'list the apps the caller has offered or was offered',
  needs: 'self:read',
  answer: z.array(appTransfer),
  ranges: ['id'],
});

export const offerApp = endpoint({
  method: 'POST',
  path: '/account/app-transfers',
  summary: 'offer an app to somebody',
  needs: 'app:give',
  body: offerBody,
  status: 201,
  answer: appTransfer,
});

export const showTransfer = endpoint({
  method: 'GET',
  path: '/account/app-transfers/:transfer',
  summary: 'show an offer of an app',
  needs: 'self:read',
  answer: appTransfer,
});

export const answerOffer = endpoint({
  method: 'PATCH',
  path: '/account/app-transfers/:transfer',
  summary: 'accept or decline an app that was offered to the caller',
  needs: 'self:write',
  body: answerBody,
  answer: appTransfer,
});

export const withdrawOffer = endpoint({
  method: 'DELETE',
  path: '/account/app-transfers/:transfer',
  summary: 'take back an offer of an app',
  needs: 'self:write',
  answer: appTransfer,
});
