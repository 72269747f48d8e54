/**
 * Ranges in which a call costs more than one to an ordinary telephone: premium rate, shared cost, and personal numbers that are
 * forwarded at the caller's cost. From the numbering plans that the countries publish (ITU-T E.129). No such list is complete,
 * because plans change, so OUTBOUND_COUNTRIES and Twilio's own permissions remain the wider fence.
 */
const RANGES: readonly RegExp[] = [
  // North America: 900, 976 in any area, personal numbers.
  /^1(?:900|700|[2-9]\d\d976|5(?:00|2[1-9]|33|44|66|77|88))/,
  /^27(?:86[1-9]|90)/,
  /^30(?:90|80[1-8])/,
  /^31(?:90[069]|8[47])/,
  /^32(?:90|70)/,
  /^33(?:8[129])/,
  /^34(?:80[367]|90[1257])/,
  /^351(?:6[0-2]|64[68]|70[78]|76[0-2])/,
  /^352(?:90|801)/,
  // The length tells a premium number from one in Dublin.
  /^35315\d{8}$/,
  /^357(?:90|700)/,
  /^358(?:600|700)/,
  /^359(?:90|700)/,
  /^36(?:90|91)/,
  /^37[01]90/,
  /^372900/,
  /^380(?:900|70)/,
  /^381(?:90|78)/,
  /^385(?:6[0-579]|72)/,
  /^386(?:90|89)/,
  // Telephones have 0 or 3 here.
  /^39(?:1[4679]|8[49])/,
  /^40(?:90|80[136])/,
  /^41(?:90[016]|84|878)/,
  /^420(?:90|8[1-4])/,
  /^421(?:900|97|98)/,
  /^43(?:9[0-3]|8[12])/,
  // Pagers have 76, but 7624 are mobiles of the Isle of Man.
  /^44(?:9|8[47]|70|76(?!24))/,
  /^45(?:90|501)/,
  /^46(?:900|939|944|99|77)/,
  /^47(?:82|81[05])/,
  /^48(?:70|80[14])/,
  /^49(?:900|13[78]|180|19|700|118|12)/,
  /^52900/,
  /^54600/,
  /^55(?:900|300|500)/,
  /^60600/,
  /^61(?:19|13)/,
  /^62809/,
  /^64900/,
  /^651900/,
  /^661900/,
  /^7(?:803|809)/,
  /^81(?:990|570|180)/,
  /^8260/,
  /^90(?:900|898|888)/,
  /^91186/,
  /^9721[59]/,
];

/** Whether a call to this number, in E.164 form, is known to cost more than one to an ordinary telephone. */
export function isPremium(number: string): boolean {
  const digits = number.slice(1);
  return RANGES.some((range) => range.test(digits));
}
