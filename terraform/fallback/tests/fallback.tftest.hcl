# Tests what Terraform makes of the variables, against two example files. test/fallback.test.ts tests what the same files do for
# a caller.

mock_provider "aws" {
  mock_resource "aws_cloudfront_distribution" {
    defaults = {
      id          = "E2EXAMPLE"
      domain_name = "d111111abcdef8.cloudfront.net"
    }
  }
}

variables {
  public_host   = "voice.example.com"
  phone_numbers = ["+12065550100"]
}

run "document" {
  assert {
    condition     = output.twiml == file("example.xml")
    error_message = "example.xml must be the default document, because operators without AWS copy it."
  }

  assert {
    condition     = aws_cloudfront_function.answer.code == file("tests/example.js")
    error_message = "tests/example.js must be the code of the function for the same variables."
  }
}

run "number" {
  assert {
    condition = output.number == {
      VoiceUrl             = "https://voice.example.com/twilio/voice#ct=2000&rt=5000&tt=12000&rc=5&rp=ct,rt,5xx"
      VoiceMethod          = "POST"
      VoiceFallbackUrl     = "https://d111111abcdef8.cloudfront.net/#ct=2000&rt=5000&tt=12000&rc=5&rp=ct,rt,5xx"
      VoiceFallbackMethod  = "GET"
      StatusCallback       = "https://voice.example.com/twilio/call-status#ct=2000&rt=5000&tt=12000&rc=5&rp=ct,rt,5xx"
      StatusCallbackMethod = "POST"
    }
    error_message = "The output has the settings of the Twilio number."
  }
}

# A request to the origin, a cached answer or a refused method would lose the caller.
run "never_from_an_origin" {
  assert {
    condition     = one(aws_cloudfront_distribution.fallback.default_cache_behavior[0].function_association).event_type == "viewer-request"
    error_message = "The function must answer before anything else."
  }

  assert {
    condition     = one(aws_cloudfront_distribution.fallback.default_cache_behavior[0].function_association).function_arn == aws_cloudfront_function.answer.arn
    error_message = "The distribution must use this function."
  }

  assert {
    condition     = contains(aws_cloudfront_distribution.fallback.default_cache_behavior[0].allowed_methods, "POST")
    error_message = "POST must be allowed, because Twilio requests by POST when the number is set so."
  }

  assert {
    condition     = aws_cloudfront_function.answer.publish
    error_message = "The function must be published, because only a published function answers."
  }

  assert {
    condition     = length(aws_cloudfront_distribution.fallback.logging_config) == 0
    error_message = "There must be no access log, because a request by GET holds the caller's number."
  }
}

run "alarm" {
  variables {
    alarm_topic_arns = ["arn:aws:sns:us-east-1:123456789012:on-call"]
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.asked.dimensions == tomap({ DistributionId = "E2EXAMPLE", Region = "Global" })
    error_message = "The alarm must watch this distribution."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.asked.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:on-call"])
    error_message = "The alarm must notify the topics."
  }
}

run "own_words" {
  variables {
    phone_numbers = ["+12065550100", "+442079460000"]
    language      = "es-MX"
    connecting    = "Un momento: le comunico <enseguida> con atención & ayuda."
    nobody        = "Lo siento, nadie puede atenderle."
    ring_seconds  = 40
  }

  assert {
    condition     = output.twiml == <<-EOT
      <?xml version="1.0" encoding="UTF-8"?>
      <Response>
        <Say language="es-MX">Un momento: le comunico &lt;enseguida&gt; con atención &amp; ayuda.</Say>
        <Dial timeout="40">+12065550100</Dial>
        <Dial timeout="40">+442079460000</Dial>
        <Say language="es-MX">Lo siento, nadie puede atenderle.</Say>
      </Response>
    EOT
    error_message = "The document must hold the operator's sentences, escaped for XML, and the numbers in order."
  }

  assert {
    condition     = strcontains(aws_cloudfront_function.answer.code, "'${base64encode(output.twiml)}'")
    error_message = "The function must answer with the document."
  }
}

run "other_language" {
  variables {
    language = "de-DE"
  }

  assert {
    condition     = strcontains(output.twiml, "<Say language=\"de-DE\">Einen Moment, bitte.") && strcontains(output.twiml, "<Say language=\"de-DE\">Es tut mir leid,")
    error_message = "The sentences must be in the language that Twilio speaks."
  }
}

run "refuses_what_cannot_be_dialled" {
  command = plan

  variables {
    phone_numbers = ["+12065550100", "2065550100"]
  }

  expect_failures = [var.phone_numbers]
}

run "refuses_nobody_to_ring" {
  command = plan

  variables {
    phone_numbers = []
  }

  expect_failures = [var.phone_numbers]
}

run "refuses_a_url_as_host" {
  command = plan

  variables {
    public_host = "https://voice.example.com"
  }

  expect_failures = [var.public_host]
}

run "refuses_silence_and_a_wrong_language" {
  command = plan

  variables {
    connecting   = " "
    nobody       = ""
    language     = "english"
    ring_seconds = 1
  }

  expect_failures = [var.connecting, var.nobody, var.language, var.ring_seconds]
}
