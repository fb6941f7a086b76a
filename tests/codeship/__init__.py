"""CodeShip's side of the contract: reads its two files and does what the platform does."""
