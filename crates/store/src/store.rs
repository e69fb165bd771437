//! The store's face. (Signatures agreed with the orchestrator; bodies by the store's modules.)
