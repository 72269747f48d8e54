import type { OwnLines } from './own-lines.js';

export const fr: OwnLines = {
  greeting: 'Bonjour et merci de votre appel. Que puis-je faire pour vous ?',
  lines: {
    handover: "Bien sûr. Je vous passe un collègue. Un instant, s'il vous plaît.",
    assistantFailed: 'Excusez-moi, je vous passe un collègue.',
    stopping: "Je vous passe un collègue qui va continuer avec vous. Un instant, s'il vous plaît.",
    nobodyFree:
      "Je regrette, tous mes collègues sont en ligne. Voulez-vous laisser un message, ou préférez-vous que l'on vous rappelle ?",
    leaveMessage:
      'Je regrette, tous mes collègues sont en ligne. Laissez un message après le signal sonore, puis appuyez sur la touche dièse.',
    messageThanks: 'Merci. Un collègue écoutera votre message et reviendra vers vous. Au revoir.',
    callbackPromised:
      "Je regrette, tous mes collègues sont en ligne. L'un d'eux vous rappellera au numéro d'où vous appelez. Au revoir.",
    noHuman:
      'Je regrette, personne ne peut prendre votre appel pour le moment. Merci de rappeler plus tard. Au revoir.',
    stillThere: 'Êtes-vous toujours là ?',
    stillThereAgain: 'Je ne vous entends pas. Puis-je faire quelque chose pour vous ?',
    silentGoodbye: "Je vais mettre fin à l'appel. Rappelez-nous quand vous voulez. Au revoir.",
    takenOver: 'Excusez-moi, je vous ai perdu un instant.',
    passedOn: "Bonjour, je prends la suite de mon collègue, qui m'a dit de quoi il s'agit.",
    oneMoment: "Un instant, s'il vous plaît.",
    resumed: 'Excusez-moi, nous avons été coupés un instant. Me revoilà. Je vous écoute.',
    busy: 'Merci de votre appel. Toutes nos lignes sont occupées. Merci de rappeler dans quelques minutes. Au revoir.',
    recorded: 'Cet appel est enregistré.',
    notRecorded: "Finalement, cet appel n'est pas enregistré.",
    enterDigits: 'Veuillez saisir les chiffres sur votre clavier maintenant, puis appuyez sur la touche dièse.',
    enterDigitsAgain:
      "Je n'ai pas reçu tous les chiffres. Veuillez les saisir à nouveau, puis appuyez sur la touche dièse.",
  },
};
