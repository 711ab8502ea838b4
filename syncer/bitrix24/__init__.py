"""The portal: transport, auth, pace, batch, the error table, the catalog, look-up by identity."""
