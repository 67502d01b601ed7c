{"mount": "${mount}"}
