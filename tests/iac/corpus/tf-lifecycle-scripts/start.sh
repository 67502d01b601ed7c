#!/bin/bash
DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id studio/db --query SecretString --output text)
chmod +x /opt/tools/run
