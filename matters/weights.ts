/**
 * How much each agreement says, in bits, and the bounds of the search. Set by reasoning from what such records share
 * (linkage.md, From records to matters), not fitted to any generator's data.
 */
export const weights = {
  explicitReference: 30,
  /** One shared party; every further one adds as much again, up to three. A party alone never reaches the threshold. */
  sharedParty: 4,
  sharedPartiesMax: 3,
  sameFacility: 6,
  otherFacility: -12,
  sameCategory: 1.5,
  otherCategory: -5,
  /** Cosine of TF-IDF vectors × bits, less the cosine that unrelated records of one county have. */
  placePerCosine: 9,
  placeCosineUnrelated: 0.3,
  textPerCosine: 14,
  textCosineUnrelated: 0.22,
  prior: -4,
  /** An average link below this keeps two clusters apart. */
  threshold: 0,
  /** What a pair that shared no candidate key counts in an average. */
  absent: -3,
} as const;

/** Days apart → bits: the first row whose bound is not exceeded. */
export const timeWeights: readonly { daysMax: number; weight: number }[] = [
  { daysMax: 3, weight: 1.5 },
  { daysMax: 14, weight: 0.5 },
  { daysMax: 45, weight: 0 },
  { daysMax: 120, weight: -1.5 },
  { daysMax: 365, weight: -6 },
  { daysMax: Number.POSITIVE_INFINITY, weight: -12 },
];

/** Reports of one facility are one problem when they fall together: a route's late evening is not its rush hour. */
export const facilityDaysMax = 7;

export const limits = {
  /** A gram that more records share says nothing and opens no pair. */
  gramRecordsMax: 40,
  /** Candidates compared with one record, the best by shared grams. */
  candidatesPerRecordMax: 60,
  /** A party named by more records (a shelter's, a company's) opens no pair. */
  partyRecordsMax: 50,
} as const;
