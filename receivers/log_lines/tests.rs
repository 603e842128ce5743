mod deliveries;
