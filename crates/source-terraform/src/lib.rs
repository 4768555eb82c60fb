//! Terraform configuration, plans and state, lowered to the estate.
