access = "PublicInternetOnly"
key    = "arn:aws:kms:eu-west-1:111122223333:key/1234"
