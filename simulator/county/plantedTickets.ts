import { dayMs, type Context } from './context.ts';
import { planMatter, type Facility } from './matter.ts';
import { random } from './random.ts';
import { plannedTicket, type Ticket, type Tickets } from './tickets.ts';

const minuteMs = 60_000;
const longBody = 1_200_000;

/** The rare events of the hotline, each at least once: what is refused, and cases that must be protected. */
export function plantTickets(context: Context, tickets: Tickets, facilities: readonly Facility[]): void {
  const chance = random(context.seed, 'planted tickets');
  let number = 0;
  const fresh = () => {
    number += 1;
    const matter = planMatter(context, facilities, 20_000_000 + number, 20_000_000);
    const receivedMs = Math.floor(context.fromMs + chance.next() * (context.roundEndMs[0] - 10 * dayMs - context.fromMs));
    return { matter, person: matter.requesters[0]!, receivedMs };
  };
  /** A ticket whose only event is refused. */
  const refused = (quarantined: string, spoil: (event: Record<string, unknown>, ticket: Ticket) => Record<string, unknown>) => {
    const { matter, person, receivedMs } = fresh();
    const { ticket } = plannedTicket(context, matter, person, tickets.nextNumber(receivedMs), receivedMs, chance, { withId: false });
    tickets.post(spoil(tickets.event('created', ticket, 1, receivedMs), ticket), receivedMs);
    tickets.ledger.version({ quarantined });
    tickets.countDistinct();
  };
  const data = (change: Record<string, unknown>) => (event: Record<string, unknown>, ticket: Ticket) => ({ ...event, data: { ...ticket, ...change } });
  for (let rarity = 0; rarity < context.rarities; rarity += 1) {
    refused('UNPARSABLE_TIME', data({ receivedAt: '2026-02-31 25:10' }));
    refused('REQUIRED_MISSING', data({ receivedAt: null }));
    refused('REQUIRED_MISSING', data({ updatedAt: '不详' }));
    refused('SCHEMA', data({ status: 'FINISHED' }));
    refused('SCHEMA', (event) => ({ ...event, sequence: undefined }));
    // No CloudEvent at all: the hub answers 400 and keeps the others of the batch.
    refused('NOT_A_CLOUDEVENT', (event) => ({ ...event, specversion: undefined }));
    if (rarity === 0) refused('TOO_LARGE', data({ body: '长'.repeat(longBody / 3) }));
    plantBadVersion(context, tickets, fresh(), chance);
    plantMinor(context, tickets, fresh);
    const lead = fresh();
    tickets.add(lead.matter, lead.person, lead.receivedMs, { respondentIsLead: true, withId: false });
    const secret = fresh();
    tickets.add(secret.matter, secret.person, secret.receivedMs, { confidential: true, withId: true });
  }
}

type Fresh = { matter: ReturnType<typeof planMatter>; person: ReturnType<Context['people']['person']>; receivedMs: number };

/** A ticket that is fine but for its second version, whose update time nobody can read; the third is fine again. */
function plantBadVersion(context: Context, tickets: Tickets, { matter, person, receivedMs }: Fresh, chance: ReturnType<typeof random>): void {
  const { ticket } = plannedTicket(context, matter, person, tickets.nextNumber(receivedMs), receivedMs, chance, { withId: false });
  const plain: Ticket = { ...ticket, confidential: false, respondentOrg: null };
  tickets.post(tickets.event('created', plain, 1, receivedMs), receivedMs);
  tickets.post({ ...tickets.event('updated', { ...plain, updatedAt: '二〇二六年十三月四十日' }, 2, receivedMs + 5 * minuteMs) }, receivedMs + 5 * minuteMs);
  tickets.post(tickets.event('updated', { ...plain, urgency: 'URGENT' }, 3, receivedMs + 9 * minuteMs), receivedMs + 9 * minuteMs);
  tickets.ledger.version();
  tickets.ledger.version({ quarantined: 'UNPARSABLE_TIME' });
  tickets.ledger.version();
  tickets.ledger.record('live');
  tickets.countDistinct();
  context.truth.matter('hotline', 'tickets', ticket.ticketNo, matter.id);
  context.truth.person({ department: 'hotline', stream: 'tickets', recordKey: ticket.ticketNo, role: 'REQUESTER', ordinal: 0, person: person.index });
}

/** Someone under eighteen who calls and gives the own ID number. */
function plantMinor(context: Context, tickets: Tickets, fresh: () => Fresh): void {
  const { matter, receivedMs } = fresh();
  for (let household = 0; household < Math.min(400, context.people.households); household += 1) {
    const minor = context.people.members(household).map(context.people.person).find((person) => person.birth > '20090101' && person.birth < '20180101');
    if (!minor) continue;
    tickets.add({ ...matter, requesters: [minor] }, minor, receivedMs, { withId: true });
    context.protectedCases['tickets.minor'] = (context.protectedCases['tickets.minor'] ?? 0) + 1;
    return;
  }
}
