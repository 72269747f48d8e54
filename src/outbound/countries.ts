// Which country a telephone number belongs to (ITU-T E.164, list of assigned country codes; NANPA, area codes by country).

/** Countries by the digits a number begins with. The longest beginning counts, because some countries share a code. */
const CODES = `
20 EG|211 SS|212 MA|213 DZ|216 TN|218 LY|220 GM|221 SN|222 MR|223 ML|224 GN|225 CI|226 BF|227 NE|228 TG|229 BJ|230 MU|231 LR|232 SL
233 GH|234 NG|235 TD|236 CF|237 CM|238 CV|239 ST|240 GQ|241 GA|242 CG|243 CD|244 AO|245 GW|246 IO|247 AC|248 SC|249 SD|250 RW|251 ET
252 SO|253 DJ|254 KE|255 TZ|256 UG|257 BI|258 MZ|260 ZM|261 MG|262 RE|262269 YT|262639 YT|263 ZW|264 NA|265 MW|266 LS|267 BW|268 SZ
269 KM|27 ZA|290 SH|291 ER|297 AW|298 FO|299 GL|30 GR|31 NL|32 BE|33 FR|34 ES|350 GI|351 PT|352 LU|353 IE|354 IS|355 AL|356 MT|357 CY
358 FI|35818 AX|359 BG|36 HU|370 LT|371 LV|372 EE|373 MD|374 AM|375 BY|376 AD|377 MC|378 SM|379 VA|380 UA|381 RS|382 ME|383 XK|385 HR
386 SI|387 BA|389 MK|39 IT|3906698 VA|40 RO|41 CH|420 CZ|421 SK|423 LI|43 AT|44 GB|441481 GG|447781 GG|447839 GG|447911 GG|441534 JE
447509 JE|447700 JE|447797 JE|447829 JE|447937 JE|441624 IM|447524 IM|447624 IM|447924 IM|45 DK|46 SE|47 NO|4779 SJ|48 PL|49 DE|500 FK
501 BZ|502 GT|503 SV|504 HN|505 NI|506 CR|507 PA|508 PM|509 HT|51 PE|52 MX|53 CU|54 AR|55 BR|56 CL|57 CO|58 VE|590 GP|591 BO|592 GY
593 EC|594 GF|595 PY|596 MQ|597 SR|598 UY|599 BQ|5999 CW|60 MY|61 AU|6189162 CC|6189164 CX|62 ID|63 PH|64 NZ|65 SG|66 TH|670 TL|672 NF
673 BN|674 NR|675 PG|676 TO|677 SB|678 VU|679 FJ|680 PW|681 WF|682 CK|683 NU|685 WS|686 KI|687 NC|688 TV|689 PF|690 TK|691 FM|692 MH
7 RU|76 KZ|77 KZ|81 JP|82 KR|84 VN|850 KP|852 HK|853 MO|855 KH|856 LA|86 CN|880 BD|886 TW|90 TR|91 IN|92 PK|93 AF|94 LK|95 MM|960 MV
961 LB|962 JO|963 SY|964 IQ|965 KW|966 SA|967 YE|968 OM|970 PS|971 AE|972 IL|973 BH|974 QA|975 BT|976 MN|977 NP|98 IR|992 TJ|993 TM
994 AZ|995 GE|996 KG|998 UZ`;

/** Countries that share the code 1 with the United States, by area code. */
const AREAS = `
BS 242|BB 246|AI 264|AG 268|VG 284|VI 340|KY 345|BM 441|GD 473|TC 649|JM 658 876|MS 664|MP 670|GU 671|AS 684|SX 721|LC 758|DM 767|VC 784
PR 787 939|DO 809 829 849|TT 868|KN 869
CA 204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 403 416 418 428 431 437 438 450 460 468 474 506 514 519 537 548 568 579 581
584 587 604 613 639 647 672 683 705 709 742 753 778 780 782 807 819 825 851 867 871 873 879 902 905 942`;

const COUNTRY_BY_CODE: ReadonlyMap<string, string> = new Map(
  CODES.trim()
    .split(/[|\n]/)
    .map((entry) => entry.split(' ') as [string, string]),
);

const COUNTRY_BY_AREA: ReadonlyMap<string, string> = new Map(
  AREAS.trim()
    .replace(/\n(?=\d)/g, ' ')
    .split(/[|\n]/)
    .flatMap((entry) => {
      const [country = '', ...areas] = entry.split(' ');
      return areas.map((area): [string, string] => [area, country]);
    }),
);

const LONGEST_CODE = 7;

/**
 * Returns the country of a number in E.164 form, as two letters of ISO 3166. `undefined` for a number of no country: satellites,
 * international networks and codes that are not assigned.
 */
export function countryOf(number: string): string | undefined {
  const digits = number.slice(1);
  // The United States have all the area codes that no other country has.
  if (digits.startsWith('1'))
    return /^1[2-9]\d{9}$/.test(digits) ? (COUNTRY_BY_AREA.get(digits.slice(1, 4)) ?? 'US') : undefined;
  for (let length = LONGEST_CODE; length > 0; length--) {
    const country = COUNTRY_BY_CODE.get(digits.slice(0, length));
    if (country !== undefined) return country;
  }
  return undefined;
}

/** Every country that has a code. */
export const COUNTRIES: ReadonlySet<string> = new Set(['US', ...COUNTRY_BY_CODE.values(), ...COUNTRY_BY_AREA.values()]);
