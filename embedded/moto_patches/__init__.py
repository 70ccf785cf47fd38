"""What moto lacks or does otherwise than AWS: one patch a file, in a form that moto could take."""
