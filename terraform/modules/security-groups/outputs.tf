output "edge_security_group_id" {
  description = "Id of the load balancers' group: the operator writes it into the Ingresses."
  value       = aws_security_group.edge.id
}

output "internal_edge_security_group_id" {
  description = "Id of the internal load balancers' group: the operator writes it into the Ingresses that ask for one; null where none are offered."
  value       = one(aws_security_group.internal_edge[*].id)
}

output "frontend_security_group_id" {
  description = "Id of the frontend pods' group."
  value       = aws_security_group.frontend.id
}

output "backend_security_group_id" {
  description = "Id of the group of backend and migration pods, the only one that the database admits."
  value       = aws_security_group.backend.id
}

output "database_security_group_id" {
  description = "Id of the database's group."
  value       = aws_security_group.database.id
}
