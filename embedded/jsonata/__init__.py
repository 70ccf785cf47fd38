"""JSONata as Step Functions evaluates it; works without moto."""
