//! Destinations outside: formats, protocols, a durable cursor each.
