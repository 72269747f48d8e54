import type { OwnLines } from './own-lines.js';

export const pt: OwnLines = {
  greeting: 'Olá, agradecemos a sua ligação. Como posso ajudar?',
  lines: {
    handover: 'Claro. Vou passar a ligação para um colega. Um momento, por favor.',
    assistantFailed: 'Desculpe, vou chamar um colega.',
    stopping: 'Vou passar a ligação para um colega que continua o atendimento. Um momento, por favor.',
    nobodyFree:
      'Sinto muito, no momento nenhum colega está livre. Quer deixar um recado, ou prefere que alguém ligue de volta?',
    leaveMessage:
      'Sinto muito, no momento nenhum colega está livre. Deixe a sua mensagem depois do sinal e, no fim, pressione a tecla jogo da velha.',
    messageThanks: 'Agradecemos. Um colega vai ouvir a sua mensagem e entrar em contato. Até logo.',
    callbackPromised:
      'Sinto muito, no momento nenhum colega está livre. Vamos ligar de volta para o número de onde você está ligando. Até logo.',
    noHuman: 'Sinto muito, no momento ninguém pode atender. Por favor, ligue mais tarde. Até logo.',
    stillThere: 'Você ainda está aí?',
    stillThereAgain: 'Não consigo ouvir você. Posso ajudar em alguma coisa?',
    silentGoodbye: 'Vou encerrar a ligação. Ligue de novo quando quiser. Até logo.',
    takenOver: 'Desculpe, perdi você por um segundo.',
    passedOn: 'Olá, eu continuo no lugar do meu colega, que me contou do que se trata.',
    oneMoment: 'Um momento, por favor.',
    resumed: 'Desculpe, a ligação caiu por um instante. Já voltei. Pode continuar.',
    busy: 'Agradecemos a sua ligação. No momento todas as linhas estão ocupadas. Por favor, ligue de novo em alguns minutos. Até logo.',
    recorded: 'Esta chamada é gravada.',
    notRecorded: 'Afinal, esta chamada não é gravada.',
    enterDigits: 'Por favor, digite agora os números no teclado e pressione a tecla jogo da velha quando terminar.',
    enterDigitsAgain:
      'Não recebi todos os números. Por favor, digite-os novamente e pressione a tecla jogo da velha quando terminar.',
  },
};
