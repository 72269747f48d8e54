# What the caller hears by default, in the languages that the gateway brings lines for.

locals {
  sentences = {
    en = {
      connecting = "One moment, please. I am connecting you with a colleague."
      nobody     = "I am sorry, nobody can take your call right now. Please call again later."
    }
    fr = {
      connecting = "Un instant, s'il vous plaît. Je vous passe un collègue."
      nobody     = "Je suis désolé, personne ne peut prendre votre appel pour le moment. Veuillez rappeler plus tard."
    }
    de = {
      connecting = "Einen Moment, bitte. Ich verbinde Sie mit jemandem aus dem Team."
      nobody     = "Es tut mir leid, im Moment kann niemand Ihren Anruf annehmen. Bitte rufen Sie später noch einmal an."
    }
    it = {
      connecting = "Un momento, per favore. La metto in contatto con un collega."
      nobody     = "Mi dispiace, al momento nessuno può rispondere. Richiami più tardi, per favore."
    }
    es = {
      connecting = "Un momento, por favor. Le paso con un compañero."
      nobody     = "Lo siento, ahora mismo nadie puede atender su llamada. Vuelva a llamar más tarde, por favor."
    }
    pt = {
      connecting = "Um momento, por favor. Vou passar a ligação para um colega."
      nobody     = "Sinto muito, no momento ninguém pode atender. Por favor, ligue mais tarde."
    }
    hi = {
      connecting = "कृपया एक पल रुकिए। मैं आपको अपने सहकर्मी से जोड़ती हूँ।"
      nobody     = "माफ़ कीजिए, इस समय कोई आपकी कॉल नहीं ले सकता। कृपया थोड़ी देर बाद फिर कॉल कीजिए।"
    }
  }

  # In a language without sentences of its own, English is better than silence.
  spoken = lookup(local.sentences, substr(var.language, 0, 2), local.sentences.en)
}
