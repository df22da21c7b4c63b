//! adapters-system
