/**
 * The matrix of access.md, written down by hand and never derived from the rules. F full, M masked, else the reason for
 * which it is withheld. The row is one of the matter named in `X-Matter`.
 *
 * Relations: assist, lead (leads it), own (leads it and its department owns the record), linked (shares a matter only),
 * dept (of the caller's department, in the jurisdiction,
 * handled by others), here (lies in the jurisdiction), none.
 */
export const clerkMatrix = `
purpose                                 tier                  relation                                 WORK                PERSONAL            IDENTIFYING   SENSITIVE     RESTRICTED
MATTER_HANDLING|MEDIATION|SERVICE_DELIVERY VILLAGE            assist|lead|own                          F                   F                   TIER          TIER          CLASS
MATTER_HANDLING|MEDIATION|SERVICE_DELIVERY VILLAGE            linked                                   F                   NOT_ASSIGNED        TIER          TIER          CLASS
MATTER_HANDLING|MEDIATION               VILLAGE               dept                                     F                   NOT_ASSIGNED        TIER          TIER          CLASS
SERVICE_DELIVERY                        VILLAGE               dept                                     NOT_ASSIGNED        NOT_ASSIGNED        TIER          TIER          CLASS
MATTER_HANDLING|MEDIATION|SERVICE_DELIVERY VILLAGE            here|none                                NOT_ASSIGNED        NOT_ASSIGNED        TIER          TIER          CLASS
MATTER_HANDLING|MEDIATION|SERVICE_DELIVERY TOWNSHIP           assist|lead                              F                   F                   M             F             CLASS
MATTER_HANDLING|MEDIATION|SERVICE_DELIVERY TOWNSHIP           own                                      F                   F                   F             F             CLASS
MATTER_HANDLING|MEDIATION|SERVICE_DELIVERY TOWNSHIP           linked                                   F                   NOT_ASSIGNED        NOT_ASSIGNED  NOT_ASSIGNED  CLASS
MATTER_HANDLING|MEDIATION               TOWNSHIP              dept                                     F                   NOT_ASSIGNED        NOT_ASSIGNED  NOT_ASSIGNED  CLASS
SERVICE_DELIVERY                        TOWNSHIP              dept                                     NOT_ASSIGNED        NOT_ASSIGNED        NOT_ASSIGNED  NOT_ASSIGNED  CLASS
MATTER_HANDLING|MEDIATION|SERVICE_DELIVERY TOWNSHIP           here|none                                NOT_ASSIGNED        NOT_ASSIGNED        NOT_ASSIGNED  NOT_ASSIGNED  CLASS
MATTER_HANDLING|MEDIATION               COUNTY|CITY           assist                                   F                   NOT_ASSIGNED        NOT_ASSIGNED  NOT_ASSIGNED  CLASS
MATTER_HANDLING|MEDIATION               COUNTY|CITY           lead                                     F                   F                   M             F             CLASS
MATTER_HANDLING|MEDIATION               COUNTY|CITY           own                                      F                   F                   F             F             CLASS
MATTER_HANDLING|MEDIATION               COUNTY|CITY           linked                                   F                   NOT_ASSIGNED        NOT_ASSIGNED  NOT_ASSIGNED  CLASS
MATTER_HANDLING|MEDIATION               COUNTY|CITY           dept                                     F                   NOT_ASSIGNED        NOT_ASSIGNED  NOT_ASSIGNED  CLASS
MATTER_HANDLING|MEDIATION               COUNTY|CITY           here|none                                NOT_ASSIGNED        NOT_ASSIGNED        NOT_ASSIGNED  NOT_ASSIGNED  CLASS
SERVICE_DELIVERY                        COUNTY|CITY           assist|lead|own|linked|dept|here|none         TIER                TIER                TIER          TIER          CLASS
MATTER_HANDLING|MEDIATION|SERVICE_DELIVERY PROVINCE|NONE      assist|lead|own|linked|dept|here|none         TIER                TIER                TIER          TIER          CLASS
SUPERVISION                             VILLAGE               dept|here|assist|lead|own                     F                   TIER                CLASS         CLASS         CLASS
SUPERVISION                             VILLAGE               linked|none                              OUT_OF_JURISDICTION TIER                CLASS         CLASS         CLASS
SUPERVISION                             TOWNSHIP|COUNTY|CITY  dept|here                                     F                   M                   CLASS         CLASS         CLASS
SUPERVISION                             TOWNSHIP|COUNTY|CITY  assist|lead|own                          F                   OUT_OF_JURISDICTION CLASS         CLASS         CLASS
SUPERVISION                             TOWNSHIP|COUNTY|CITY  linked|none                              OUT_OF_JURISDICTION OUT_OF_JURISDICTION CLASS         CLASS         CLASS
SUPERVISION                             PROVINCE|NONE         assist|lead|own|linked|dept|here|none         TIER                TIER                CLASS         CLASS         CLASS
STATISTICS|DATA_QUALITY|AUDIT|SUBJECT_ACCESS VILLAGE|TOWNSHIP|COUNTY|CITY|PROVINCE|NONE assist|lead|own|linked|dept|here|none CLASS CLASS           CLASS         CLASS         CLASS
NONE                                    VILLAGE|TOWNSHIP|COUNTY|CITY|PROVINCE|NONE assist|lead|own|linked|dept|here|none NO_PURPOSE NO_PURPOSE      NO_PURPOSE    NO_PURPOSE    NO_PURPOSE
`;

export interface MatrixCell {
  purpose: string;
  tier: string;
  relation: string;
  class: string;
  expected: string;
}

export function cellsOf(table: string): MatrixCell[] {
  const [header, ...lines] = table.trim().split('\n').map((line) => line.trim().split(/\s+/));
  const classes = header!.slice(3);
  return lines.flatMap(([purposes, tiers, relations, ...cells]) =>
    purposes!.split('|').flatMap((purpose) =>
      tiers!.split('|').flatMap((tier) => relations!.split('|').flatMap((relation) => classes.map((name, at) => ({ purpose, tier, relation, class: name, expected: cells[at]! })))),
    ),
  );
}
